-- Makes one part of one account's staged rows: a swap of one part survives a crash, one of many may not.
OPTIMIZE TABLE {staging:Identifier} PARTITION {klaviyo_public_id:String} FINAL
