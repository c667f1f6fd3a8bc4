-- One row is the name of a macro that this server has.
SELECT m.macro AS name
FROM system.macros AS m
ORDER BY name
