use super::*;
use crate::schema::diff::{Expected, compare};
use crate::schema::live::{LiveObject, LiveSchema};

fn difference(object: &str, mend: Mend) -> Difference {
    Difference { object: object.to_owned(), expected: "this".to_owned(), found: "that".to_owned(), mend }
}

fn comment(column: &str) -> Mend {
    Mend::Comment { column: column.to_owned(), comment: "text".to_owned() }
}

fn lines(plan: &Plan) -> Vec<String> {
    plan.actions.iter().map(Action::to_string).collect()
}

#[test]
fn nothing_differs_nothing_is_done() {
    let plan = plan(&[], Rebuilds::Do);
    assert!(plan.actions.is_empty() && plan.by_hand.is_empty() && plan.rebuilds_left.is_empty());
}

#[test]
fn warnings_lead_to_nothing() {
    let plan =
        plan(&[difference("flow_ai_summary.note", Mend::Nothing("harmless".to_owned()))], Rebuilds::Do);
    assert!(plan.actions.is_empty() && plan.by_hand.is_empty());
}

#[test]
fn actions_stand_in_the_order_of_execution_whatever_the_order_of_differences() {
    let differences = [
        difference("ai_flow_recent", Mend::ReplaceView),
        difference("ai_best_performers", Mend::Create),
        difference("flow_ai_summary", Mend::Rebuild),
        difference("flow_ai_summary.opens", comment("opens")),
        difference("ai_schema_ledger", Mend::Step(2)),
        difference("flow_weekly_rollup", Mend::Create),
        difference("ai_refresh_log", Mend::Create),
        difference("ai_schema_ledger", Mend::Create),
        difference("ai_schema_ledger", Mend::Step(1)),
    ];
    let expected = [
        "create table ai_schema_ledger",
        "create table ai_refresh_log",
        "create table flow_weekly_rollup",
        "run step on campaign_ai_summary: number 1, not in the ledger yet",
        "run step on flow_ai_summary: number 2, not in the ledger yet",
        "comment flow_ai_summary: 1 missing or different",
        "rebuild table flow_ai_summary: expected this, found that",
        "create view ai_best_performers",
        "replace view ai_flow_recent: expected this, found that",
    ];
    assert_eq!(lines(&plan(&differences, Rebuilds::Do)), expected);
    let mut reversed = differences.to_vec();
    reversed.reverse();
    assert_eq!(lines(&plan(&reversed, Rebuilds::Do)), expected);
}

#[test]
fn comments_of_a_table_are_one_action() {
    let differences = [
        difference("flow_ai_summary", comment("")),
        difference("flow_ai_summary.date", comment("date")),
        difference("form_ai_performance.date", comment("date")),
    ];
    let plan = plan(&differences, Rebuilds::Leave);
    let counts: Vec<usize> = plan
        .actions
        .iter()
        .map(|action| if let Action::Comments { comments, .. } = action { comments.len() } else { 0 })
        .collect();
    assert_eq!(counts, [2, 1]);
}

#[test]
fn a_step_runs_once_for_all_its_reasons() {
    let differences = [
        difference("flow_ai_summary.delivered", Mend::Step(2)),
        difference("flow_ai_summary.is_settled", Mend::Step(2)),
        difference("ai_schema_ledger", Mend::Step(2)),
    ];
    let expected = [
        "run step on flow_ai_summary: number 2, adds `flow_ai_summary.delivered`, `flow_ai_summary.is_settled`",
    ];
    assert_eq!(lines(&plan(&differences, Rebuilds::Leave)), expected);
}

#[test]
fn a_rebuild_waits_for_the_flag() {
    let differences =
        [difference("flow_ai_summary", Mend::Rebuild), difference("ai_flow_recent", Mend::Create)];
    let left = plan(&differences, Rebuilds::Leave);
    assert_eq!(lines(&left), ["create view ai_flow_recent"]);
    assert_eq!(left.rebuilds_left.len(), 1);
    let done = plan(&differences, Rebuilds::Do);
    assert_eq!(done.actions.len(), 2);
    assert!(done.rebuilds_left.is_empty());
}

#[test]
fn a_view_that_differs_in_many_ways_is_replaced_once() {
    let differences = [
        difference("ai_flow_recent.date", Mend::ReplaceView),
        difference("ai_flow_recent", Mend::ReplaceView),
    ];
    let expected = ["replace view ai_flow_recent: `date`: expected this, found that (and 1 more)"];
    assert_eq!(lines(&plan(&differences, Rebuilds::Leave)), expected);
}

#[test]
fn what_needs_a_person_is_handed_over_whole() {
    let by_hand = difference("flow_ai_summary.opens", Mend::ByHand("do this".to_owned()));
    let plan = plan(&[by_hand.clone(), difference("ai_flow_recent", Mend::Create)], Rebuilds::Leave);
    assert_eq!(plan.by_hand, [by_hand]);
}

#[test]
fn every_missing_object_is_created_and_nothing_else_is_done() {
    let expected = Expected::embedded();
    let applied: Vec<_> = STEPS.iter().map(Step::entry).collect();
    for missing in expected.all() {
        let others = expected.all().filter(|definition| definition.name != missing.name);
        let live = LiveSchema { objects: others.map(LiveObject::created).collect() };
        let plan = plan(&compare(&expected, &live, &applied), Rebuilds::Leave);
        let kind = if missing.body.is_empty() { "table" } else { "view" };
        assert_eq!(lines(&plan), [format!("create {kind} {}", missing.name)]);
    }
}

#[test]
fn every_wrong_comment_of_a_table_is_one_command() {
    let expected = Expected::embedded();
    let applied: Vec<_> = STEPS.iter().map(Step::entry).collect();
    let mut live = LiveSchema { objects: expected.all().map(LiveObject::created).collect() };
    for object in &mut live.objects {
        object.comment = String::new();
        object.columns.iter_mut().for_each(|column| column.comment = "wrong".to_owned());
    }
    let plan = plan(&compare(&expected, &live, &applied), Rebuilds::Leave);
    let verbs: Vec<&str> = plan.actions.iter().map(Action::verb).collect();
    let (tables, views) = (expected.internal.len() + expected.tables.len(), expected.views.len());
    assert_eq!(verbs, [vec!["comment"; tables], vec!["replace view"; views]].concat());
}
