-- Gives one of our own tables another name.
RENAME TABLE <<from>> TO <<to>>
