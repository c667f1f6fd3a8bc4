-- Stops one query of ours whose outcome is unknown. The embedded engine knows it by its log comment.
KILL QUERY WHERE query_id = {query_id:String} OR Settings['log_comment'] = {query_id:String} SYNC
