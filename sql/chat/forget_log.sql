-- Removes an account's rows from the chat log
ALTER TABLE ai_chat_log DELETE WHERE has(klaviyo_public_ids, {account:String})
