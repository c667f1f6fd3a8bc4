-- One row is one account and kind of which no alerts are sent, or were not a short while ago
SELECT
    mute.klaviyo_public_id AS klaviyo_public_id,
    toString(mute.kind) AS kind,
    mute.muted_on AS muted_on,
    mute.muted_until AS muted_until
FROM ai_alert_mutes AS mute FINAL
WHERE mute.muted_until >= mute.muted_on AND mute.muted_until > {today:Date} - {days:UInt16}
ORDER BY mute.klaviyo_public_id, mute.kind
