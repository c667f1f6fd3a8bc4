-- One row: the user that we are, and whether the session may only read (0 = it may write).
SELECT
    currentUser() AS user_name,
    toString(getSetting('readonly')) AS readonly
