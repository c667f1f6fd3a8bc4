-- One row is a row of the object of this name on any shard. An account lives on one shard.
CREATE TABLE IF NOT EXISTS <<name>> AS <<object>>
ENGINE = Distributed(<<cluster>>, <<database>>, <<object>>, cityHash64(klaviyo_public_id))
