use super::*;
use crate::schema::ledger::{STEPS, Step};
use crate::schema::live::LiveObject;

/// A database right after migrate.
fn migrated() -> (Expected, LiveSchema, Vec<Entry>) {
    let expected = Expected::embedded();
    let objects = expected.all().map(LiveObject::created).collect();
    (expected, LiveSchema { objects }, STEPS.iter().map(crate::schema::ledger::Step::entry).collect())
}

/// The differences after a change to one object.
fn after(name: &str, change: impl FnOnce(&mut LiveObject)) -> Vec<Difference> {
    let (expected, mut live, ledger) = migrated();
    change(live.objects.iter_mut().find(|object| object.name == name).expect("an object"));
    compare(&expected, &live, &ledger)
}

#[test]
fn a_migrated_database_differs_in_nothing() {
    let (expected, live, ledger) = migrated();
    assert_eq!(compare(&expected, &live, &ledger), []);
}

#[test]
fn an_empty_database_lacks_everything() {
    let differences = compare(&Expected::embedded(), &LiveSchema::default(), &[]);
    let created = differences.iter().filter(|it| it.mend == Mend::Create).count();
    let steps = differences.iter().filter(|it| matches!(it.mend, Mend::Step(_))).count();
    let objects = Expected::embedded().all().count();
    assert_eq!((created, steps, differences.len()), (objects, STEPS.len(), objects + STEPS.len()));
}

#[test]
fn every_lost_column_is_found_and_additive_ones_come_back() {
    for definition in Expected::embedded().all() {
        for column in &definition.columns {
            let found = after(&definition.name, |object| object.columns.retain(|it| it.name != column.name));
            let [difference] = &found[..] else { panic!("{}.{}: {found:#?}", definition.name, column.name) };
            assert_eq!(difference.object, format!("{}.{}", definition.name, column.name));
            let is_additive = Step::adding(&definition.name, &column.name).is_some();
            match (&difference.mend, definition.body.is_empty()) {
                (Mend::ReplaceView, false) => {}
                (Mend::Step(_), true) => assert!(is_additive, "{}", difference.object),
                (Mend::ByHand(_), true) => assert!(!is_additive, "{}", difference.object),
                other => panic!("{}: {other:?}", difference.object),
            }
        }
    }
}

#[test]
fn every_retyped_column_is_found() {
    for definition in Expected::embedded().all() {
        for (index, column) in definition.columns.iter().enumerate() {
            let found =
                after(&definition.name, |object| object.columns[index].column_type = "Int8".to_owned());
            let [difference] = &found[..] else { panic!("{}.{}: {found:#?}", definition.name, column.name) };
            assert_eq!(difference.severity(), Severity::Error);
            assert!(difference.found.contains("Int8"), "{difference:?}");
        }
    }
}

#[test]
fn any_two_columns_exchanged_are_found() {
    for definition in Expected::embedded().tables {
        for index in 1..definition.columns.len() {
            let found = after(&definition.name, |object| object.columns.swap(index - 1, index));
            assert_eq!(found.len(), 1, "{} at {index}: {found:#?}", definition.name);
            assert!(matches!(found[0].mend, Mend::ByHand(_)), "{:?}", found[0]);
        }
    }
}

#[test]
fn engines_of_replicas_and_of_the_cloud_are_the_same_engine() {
    let set = |engine: &'static str, full: &'static str| {
        after("flow_ai_summary", move |object| {
            (object.engine, object.engine_full) = (engine.to_owned(), full.to_owned());
        })
    };
    let path =
        "('/clickhouse/tables/{uuid}/{shard}', '{replica}', updated_at) PARTITION BY klaviyo_public_id";
    for engine in ["SharedReplacingMergeTree", "ReplicatedReplacingMergeTree"] {
        let full: &'static str = format!("{engine}{path}").leak();
        let mut found = set(engine, full);
        // A cluster that shares its storage keeps it in its own way; a replica's disk may lose what is not synced.
        found.retain(|it| !(engine.starts_with("Replicated") && matches!(it.mend, Mend::Settings(_))));
        assert_eq!(found, [], "{engine}");
    }
    let unversioned = set("ReplacingMergeTree", "ReplacingMergeTree PARTITION BY klaviyo_public_id");
    assert_eq!(unversioned[0].mend, Mend::Rebuild);
    let replicated = set("ReplicatedMergeTree", "ReplicatedMergeTree('/a', '{replica}')");
    assert!(matches!(replicated[0].mend, Mend::ByHand(_)), "a replicated table is not rebuilt");
}

#[test]
fn sources_are_compared_by_name() {
    let missing = compare_sources(&LiveSchema::default());
    assert_eq!(missing.len(), 4);
    assert!(missing.iter().all(|it| it.severity() == Severity::Error));
}

#[test]
fn a_changed_or_unknown_ledger_entry_needs_a_person() {
    let (expected, live, mut ledger) = migrated();
    ledger[2].checksum = "0".repeat(64);
    ledger.push(Entry { version: 99, name: "later".to_owned(), checksum: String::new() });
    let found = compare(&expected, &live, &ledger);
    assert_eq!(found.len(), 2);
    assert!(
        found.iter().all(|it| it.object == "ai_schema_ledger" && matches!(it.mend, Mend::ByHand(_))),
        "{found:#?}"
    );
    assert!(found[0].found.ends_with("checksum 000000000000"), "{}", found[0].found);
}
