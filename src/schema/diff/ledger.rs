//! Compares the ledger of applied steps with those that there are.

use super::{Difference, Mend};
use crate::schema::ledger::{Entry, STEPS};
use crate::sql;

pub(super) fn compare(applied: &[Entry]) -> Vec<Difference> {
    let object = sql::SCHEMA_LEDGER.object();
    let mut differences = Vec::new();
    for step in &STEPS {
        let (expected, expected_entry) = (describe_entry(&step.entry()), step.entry());
        match applied.iter().find(|entry| entry.version == step.version) {
            Some(entry) if *entry == expected_entry => {}
            Some(entry) => {
                let remedy = "an applied step must not change: use the version of aiviews that applied it, or a newer one";
                differences.push(Difference::new(
                    object,
                    expected,
                    describe_entry(entry),
                    Mend::ByHand(remedy.to_owned()),
                ));
            }
            None => {
                differences.push(Difference::new(object, expected, "not recorded", Mend::Step(step.version)))
            }
        }
    }
    for entry in applied.iter().filter(|entry| entry.version as usize > STEPS.len()) {
        let expected = format!("{} steps", STEPS.len());
        let remedy = "a newer aiviews migrated this database: upgrade this one";
        differences.push(Difference::new(
            object,
            expected,
            describe_entry(entry),
            Mend::ByHand(remedy.to_owned()),
        ));
    }
    differences
}

fn describe_entry(entry: &Entry) -> String {
    let start: String = entry.checksum.chars().take(12).collect();
    format!("step {} `{}` with checksum {start}", entry.version, entry.name)
}
