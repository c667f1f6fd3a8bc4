-- One row: 1 where this user has every one of these privileges, as the server itself would decide, else 0.
CHECK GRANT <<privileges>>
