-- Exchanges the names of two of our own tables at once.
EXCHANGE TABLES <<table>> AND <<other>>
