-- Removes an account from a table of the outlook
ALTER TABLE {target:Identifier} DELETE WHERE klaviyo_public_id = {account:String}
