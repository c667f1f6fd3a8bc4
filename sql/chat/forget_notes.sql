-- Removes what was told about an account
ALTER TABLE ai_notes DELETE WHERE klaviyo_public_id = {account:String}
