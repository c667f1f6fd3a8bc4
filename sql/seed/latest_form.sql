-- View of the synthetic form source. One row: one sign-up form on one day, as last delivered by Klaviyo.
CREATE VIEW IF NOT EXISTS form_statistics_latest AS
SELECT
    source.klaviyo_public_id,
    source.date,
    source.form_id,
    source.form_name,
    source.store_public_ids,
    source.viewed_form,
    source.viewed_form_uniques,
    source.submits,
    source.submits_unique,
    source.viewed_form_step,
    source.viewed_form_step_uniques,
    source.submitted_form_step,
    source.submitted_form_step_uniques,
    source.closed_form,
    source.closed_form_uniques,
    source.qualified_form,
    source.qualified_form_uniques,
    source.submit_rate,
    source.conversion_value,
    source.last_updated
FROM form_statistics AS source FINAL
COMMENT 'made by aiviews seed: the newest version of each row of form_statistics'
