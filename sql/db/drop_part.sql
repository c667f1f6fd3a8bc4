-- Removes one part of a table: rows of an older generation that a swap would have removed.
ALTER TABLE {target:Identifier} DROP PART {part:String}
