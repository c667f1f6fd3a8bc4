-- One row: something that somebody told about an account
INSERT INTO ai_notes (klaviyo_public_id, kind, note_key, text, told_by)
SELECT {account:String}, {kind:String}, {note_key:String}, {text:String}, {told_by:String}
