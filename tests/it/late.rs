//! Corrections of days that the nightly window has left behind, and sources that have stopped.

use serde_json::Value;

use crate::child::Place;
use crate::generations::{fill, leftovers, make_sources};
use aiviews::schema::TABLES;

use crate::support::{execute, rows};

/// Sources have 20 dates. The first run reads all, the nights after it 7. Klaviyo corrects a day of 15 days ago: told of
/// every night until somebody reads that day, for that account alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_correction_is_told_of_until_its_day_was_read() {
    let place = Place::new();
    {
        let serve = place.serve();
        let db = serve.db().await;
        make_sources(&db).await;
        fill(&db, &["acc0", "acc1"], 1).await;
    }
    place.run(&["migrate", "-q"]).expect(0);
    place.run(&["populate", "--days", "20", "-q"]).expect(0);
    let serve = place.serve();
    let db = serve.db().await;
    let correct = "INSERT INTO campaign_statistics SELECT * REPLACE (now64(3) + 1 AS last_updated, 77 AS conversion_value)
         FROM campaign_statistics WHERE klaviyo_public_id = 'acc1' AND date = today() - 15 LIMIT 1";
    let late = || {
        let status: Value =
            serde_json::from_str(&place.run(&["status", "--json"]).expect(0).stdout).expect("one document");
        (status["late"].as_array().expect("a list").clone(), status["fresh"].as_u64())
    };
    place.run(&["populate", "--days", "7", "-q"]).expect(0);
    assert_eq!(late(), (Vec::new(), Some(2)), "the days before the window were read by the long run");
    execute(&db, correct).await;
    for _night in 0..2 {
        let (told, fresh) = late();
        assert_eq!((told.len(), fresh), (1, Some(1)), "{told:?}");
        assert_eq!((&told[0]["klaviyo_public_id"], &told[0]["late_rows"]), (&"acc1".into(), &1.into()));
        place.run(&["populate", "--days", "7", "-q"]).expect(0);
    }
    let sum = "SELECT sum(conversion_value) FROM campaign_ai_summary WHERE klaviyo_public_id = 'acc1' AND date = today() - 15";
    let before = rows(&db, sum).await;
    // The stamp of the correction lies a second ahead, and a run notes its start in whole seconds: one that starts before
    // the next second has not seen it for sure.
    while rows(&db, "SELECT max(last_updated) < toStartOfSecond(now64(3)) FROM campaign_statistics").await[0]
        [0]
        == "0"
    {}
    let done = place.run(&["populate", "--late", "--json"]).expect(0);
    let done: Value = serde_json::from_str(&done.stdout).expect("one document");
    assert_eq!(done["published"], 1);
    assert_ne!(rows(&db, sum).await, before);
    assert_eq!(late(), (Vec::new(), Some(2)));
    let again: Value = serde_json::from_str(&place.run(&["populate", "--late", "--json"]).expect(0).stdout)
        .expect("one document");
    assert_eq!(again["published"], 0);
}

/// All sources end six days ago. A run works and warns, the state is stale, and a chatbot learns where the data ends.
#[tokio::test(flavor = "multi_thread")]
async fn sources_that_have_stopped_are_told_of_by_every_verb() {
    let place = Place::new();
    let end = {
        let serve = place.serve();
        let db = serve.db().await;
        make_sources(&db).await;
        fill(&db, &["acc0"], 1).await;
        for source in ["campaign", "flow", "form", "segment"] {
            let shift = "UPDATE date = date - 6 WHERE 1 SETTINGS mutations_sync = 2";
            execute(&db, format!("ALTER TABLE {source}_statistics {shift}")).await;
        }
        rows(&db, "SELECT max(date) FROM campaign_statistics").await[0][0].clone()
    };
    place.run(&["migrate", "-q"]).expect(0);
    let sentence = format!("all sources end on {end}");
    let told = place.run(&["populate", "--days", "20", "--json"]).expect(0);
    let report: Value = serde_json::from_str(&told.stdout).expect("one document");
    assert_eq!(report["published"], 1);
    assert!(report["warnings"].to_string().contains(&sentence), "{report}");
    assert!(told.stderr.contains(&sentence), "{}", told.stderr);
    let status = place.run(&["status"]).expect(9).stdout;
    assert!(status.contains(&sentence) && status.contains("0 fresh"), "{status}");
    let context = place.run(&["context", "--klaviyo-id", "acc0"]).expect(0).stdout;
    assert!(context.contains(&format!("Klaviyo's data ends on {end}")), "{context}");

    // A source that the next run cannot read is worse than one that has stopped.
    execute(&place.serve().db().await, "ALTER TABLE form_statistics RENAME COLUMN submits TO submits_total")
        .await;
    let status = place.run(&["status"]).expect(6).stdout;
    let sentence = "the next refresh cannot read its sources (`aiviews verify` says what to do)";
    assert!(status.contains(sentence) && status.contains("form_statistics_latest.submits: "), "{status}");
    place.run(&["populate", "-q"]).expect(6);
}

/// An account leaves after a run of it was killed in the middle of publishing: nothing of that run stays, and the next
/// run of another account redoes nothing of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_run_does_not_bring_back_who_has_left() {
    let place = Place::new();
    {
        let serve = place.serve();
        let db = serve.db().await;
        make_sources(&db).await;
        fill(&db, &["acc0", "acc1"], 1).await;
    }
    place.run(&["migrate", "-q"]).expect(0);
    let killed = place.run_with_fault("swap:1=kill-after", &["populate", "-k", "acc0", "--days", "20"]);
    assert_eq!(killed.code, None, "{killed:?}");
    place.run(&["forget", "-k", "acc0", "--yes"]).expect(0);
    let serve = place.serve();
    let db = serve.db().await;
    assert_eq!(leftovers(&db).await, Vec::<Vec<String>>::new());
    let populated: Value = serde_json::from_str(
        &place.run(&["populate", "-k", "acc1", "--days", "20", "--json"]).expect(0).stdout,
    )
    .expect("one document");
    assert_eq!(populated["published"], 1, "{populated}");
    for table in &TABLES {
        let accounts = rows(&db, format!("SELECT DISTINCT klaviyo_public_id FROM {}", table.name)).await;
        assert_eq!(accounts, [["acc1"]], "{}", table.name);
    }
    let status = place.run(&["status", "--json"]);
    let status: Value = serde_json::from_str(&status.stdout).expect("one document");
    assert_eq!(status["broken_off"], serde_json::json!([]), "{status}");
}
