-- Puts a dead run's lock aside. Of several runs that try, the server lets one succeed.
RENAME TABLE ai_refresh_lock TO <<aside>>
