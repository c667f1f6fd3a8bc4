-- Gives one of our tables the settings that put what it is told onto the disk before it says so.
ALTER TABLE <<table>>
    MODIFY SETTING <<settings>>
