-- Swaps one account's rows of one table for its staged ones. Readers see the old rows or the new ones.
ALTER TABLE {target:Identifier} REPLACE PARTITION {klaviyo_public_id:String} FROM <<staging>>
