-- Removes one account's rows from one table.
ALTER TABLE {target:Identifier} DROP PARTITION {klaviyo_public_id:String}
