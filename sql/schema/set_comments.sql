-- Gives columns of one of our tables, or the table itself, the comments that they should have.
ALTER TABLE <<table>>
    <<comments>>
