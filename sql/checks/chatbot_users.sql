-- A row is a user of that name
SELECT u.name AS user_name
FROM system.users AS u
WHERE u.name = {user:String}
