-- Stops one query of ours whose outcome is unknown.
KILL QUERY WHERE query_id = {query_id:String} SYNC
