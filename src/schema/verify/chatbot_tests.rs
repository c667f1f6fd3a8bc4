use super::*;

/// What `aiviews grants --for chatbot` makes, as a server shows it.
fn safe() -> Facts {
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let policy = |table: &str| Policy {
        policy_name: "chatbot_accounts".to_owned(),
        table_name: table.to_owned(),
        filter: "klaviyo_public_id IN ('acc0')".to_owned(),
        for_all: 0,
        for_these: texts(&["chatbot"]),
        not_for: Vec::new(),
    };
    let mut settings: Vec<Setting> =
        CHATBOT_LIMITS.iter().map(|(name, value)| setting(name, &value.to_string(), "1", "9")).collect();
    settings.push(Setting { writability: "CONST".to_owned(), ..setting("readonly", "1", "", "") });
    Facts {
        user: "chatbot".to_owned(),
        database: "shop".to_owned(),
        version: "26.8.1.1".to_owned(),
        policies: schema::tables_to_read().map(policy).collect(),
        grants: grants::objects().map(|object| grant("chatbot", "", "SELECT", "shop", object)).collect(),
        roles: Vec::new(),
        profiles: vec![ProfileUse {
            profile: "chatbot_limits".to_owned(),
            for_all: 0,
            for_these: texts(&["chatbot"]),
            not_for: Vec::new(),
        }],
        settings,
        views: Vec::new(),
    }
}

fn setting(name: &str, value: &str, lowest: &str, highest: &str) -> Setting {
    Setting {
        of_user: String::new(),
        of_role: String::new(),
        of_profile: "chatbot_limits".to_owned(),
        setting: name.to_owned(),
        value: value.to_owned(),
        lowest: lowest.to_owned(),
        highest: highest.to_owned(),
        writability: String::new(),
        inherits: String::new(),
    }
}

fn grant(user: &str, role: &str, access: &str, database: &str, object: &str) -> Grant {
    Grant {
        to_user: user.to_owned(),
        to_role: role.to_owned(),
        access: access.to_owned(),
        database_name: database.to_owned(),
        object_name: object.to_owned(),
        is_passed_on: 0,
    }
}

fn role(user: &str, role: &str, granted: &str) -> RoleGrant {
    RoleGrant { to_user: user.to_owned(), to_role: role.to_owned(), role: granted.to_owned() }
}

fn holes(facts: &Facts) -> Vec<Finding> {
    let mut findings = judge(facts);
    let unseen = findings.pop().expect("what cannot be seen");
    assert_eq!((unseen.severity, unseen.found.contains("cannot be seen here")), (Severity::Warning, true));
    findings
}

#[test]
fn what_grants_makes_has_no_hole() {
    assert_eq!(holes(&safe()), []);
}

#[test]
fn each_hole_alone_is_one_finding() {
    type Change = fn(&mut Facts);
    let changes: [(&str, &str, Change); 21] = [
        ("form_ai_performance", "none", |it| it.policies.retain(|p| p.table_name != "form_ai_performance")),
        ("flow_ai_summary", "hides nothing", |it| {
            it.policies.iter_mut().find(|p| p.table_name == "flow_ai_summary").expect("one").filter =
                "1".into();
        }),
        ("segment_ai_trends", "none", |it| {
            let policy = it.policies.iter_mut().find(|p| p.table_name == "segment_ai_trends").expect("one");
            policy.for_these = vec!["somebody".into()];
        }),
        ("segment_ai_trends", "none", |it| {
            let policy = it.policies.iter_mut().find(|p| p.table_name == "segment_ai_trends").expect("one");
            (policy.for_all, policy.for_these, policy.not_for) = (1, vec![], vec!["chatbot".into()]);
        }),
        ("shop.flow_ai_summary", "INSERT ON", |it| {
            it.grants.push(grant("chatbot", "", "INSERT", "shop", "flow_ai_summary"));
        }),
        ("shop.raw", "SELECT ON", |it| it.grants.push(grant("chatbot", "", "SELECT", "shop", "raw"))),
        ("shop.*", "SELECT ON", |it| it.grants.push(grant("chatbot", "", "SELECT", "shop", ""))),
        ("*.*", "SELECT, URL ON", |it| {
            it.grants.push(grant("chatbot", "", "SELECT", "", ""));
            it.grants.push(grant("chatbot", "", "URL", "", ""));
        }),
        ("other.flow_ai_summary", "SELECT ON", |it| {
            it.grants.push(grant("chatbot", "", "SELECT", "other", "flow_ai_summary"));
        }),
        ("shop.campaign_ai_summary", "WITH GRANT OPTION", |it| it.grants[0].is_passed_on = 1),
        ("system.parts", "for `inner`", |it| {
            it.roles =
                vec![role("chatbot", "", "outer"), role("", "outer", "inner"), role("", "inner", "outer")];
            it.grants.push(grant("", "inner", "SELECT", "system", "parts"));
        }),
        ("setting readonly", "no such limit", |it| it.settings.retain(|s| s.setting != "readonly")),
        ("setting readonly", "1", |it| {
            it.settings.iter_mut().for_each(|s| s.writability.clear());
        }),
        ("setting readonly", "2 CONST", |it| {
            it.settings.iter_mut().filter(|s| s.setting == "readonly").for_each(|s| s.value = "2".into());
        }),
        ("setting max_result_rows", "no such limit", |it| {
            it.settings.retain(|s| s.setting != "max_result_rows");
        }),
        ("setting max_memory_usage", "MIN 0 MAX 9", |it| {
            let limit = it.settings.iter_mut().find(|s| s.setting == "max_memory_usage").expect("one");
            limit.lowest = "0".into();
        }),
        ("setting max_execution_time", "0 MIN 1", |it| {
            it.settings.push(Setting {
                of_profile: String::new(),
                of_user: "chatbot".into(),
                ..setting("max_execution_time", "0", "1", "9")
            });
        }),
        ("setting max_execution_time", "10 MIN 1", |it| {
            it.settings.iter_mut().find(|s| s.setting == "max_execution_time").expect("one").highest.clear();
        }),
        ("mirror", "materialized", |it| {
            it.views.push(OddView { view_name: "mirror".into(), what: "a materialized view".into() });
        }),
        ("the server", "26.7.6.4", |it| it.version = "26.7.6.4".into()),
        ("the server", "24.8.14.39", |it| it.version = "24.8.14.39".into()),
    ];
    for (object, found, change) in changes {
        let mut facts = safe();
        change(&mut facts);
        let findings = holes(&facts);
        assert_eq!(findings.len(), 1, "{object}: {findings:#?}");
        assert_eq!(findings[0].object, object);
        assert!(findings[0].found.contains(found), "{object}: {}", findings[0].found);
        assert_eq!(findings[0].severity, Severity::Error);
    }
}

#[test]
fn roles_and_inherited_profiles_close_holes_as_well() {
    let mut facts = safe();
    facts.roles = vec![role("chatbot", "", "reading")];
    facts.grants.iter_mut().for_each(|it| (it.to_user, it.to_role) = (String::new(), "reading".into()));
    facts.policies.iter_mut().for_each(|it| it.for_these = vec!["reading".into()]);
    facts.policies.push(Policy { table_name: String::new(), for_all: 1, ..facts.policies[0].clone() });
    facts.profiles.clear();
    let inherit = Setting { inherits: "chatbot_limits".into(), ..setting("", "", "", "") };
    facts.settings.push(Setting { of_role: "reading".into(), of_profile: String::new(), ..inherit });
    // What others have is no matter.
    facts.grants.push(grant("somebody", "", "SELECT", "", ""));
    facts.grants.push(grant("", "elsewhere", "SELECT", "", ""));
    facts.roles.push(role("somebody", "", "elsewhere"));
    assert_eq!(holes(&facts), []);
}

#[test]
fn servers_are_told_by_their_line() {
    for fixed in ["26.3.22.6", "26.3.23.1", "26.5.8.18", "26.6.4.10", "26.7.6.5", "26.8.1.1", "27.1.1.1"] {
        assert_eq!(old_server(fixed), None, "{fixed}");
    }
    for open in ["26.3.22.5", "26.4.99.99", "26.5.8.17", "26.6.3.99", "26.7.2.1", "25.8.99.1", "", "odd"] {
        assert!(old_server(open).is_some(), "{open}");
    }
}
