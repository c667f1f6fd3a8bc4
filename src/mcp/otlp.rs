//! Turns that a chat application recorded: OTLP in JSON, one document or one a line, attributes `gen_ai.*`.

use std::collections::HashSet;

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use clickhouse::Row;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::price::Prices;
use crate::account::AccountId;
use crate::db::Db;
use crate::sql;

/// Turns of one statement.
const MOST_AT_ONCE: usize = 1_000;

/// A row of the chat log, with its own time.
#[derive(Clone, Debug, PartialEq, Row, Serialize, Deserialize)]
pub struct Turn {
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    time: DateTime<Utc>,
    kind: String,
    gen_ai_conversation_id: String,
    token_name: String,
    client_name: String,
    klaviyo_public_ids: Vec<String>,
    gen_ai_tool_name: String,
    question: String,
    statement: String,
    verdict: String,
    rows: u64,
    payload_tokens: u64,
    duration_ms: u64,
    run_id: String,
    error: String,
    gen_ai_request_model: String,
    gen_ai_usage_input_tokens: Option<u64>,
    gen_ai_usage_output_tokens: Option<u64>,
    cost: Option<f64>,
    input_price: Option<f64>,
    output_price: Option<f64>,
    score: Option<f64>,
    correction: String,
    prompt: String,
    user_id: String,
    query_ids: Vec<String>,
}

/// What became of a file.
#[derive(Debug, Serialize)]
pub struct Imported {
    /// Turns that were written.
    pub imported: usize,
    /// Turns that the log had already.
    pub known: usize,
    /// Turns whose model has no price.
    pub without_price: usize,
}

/// Puts the turns of a file into the chat log, each once however often the file is imported.
pub async fn import(db: &Db, text: &str, prices: &Prices) -> Result<Imported> {
    let turns = turns(text, prices)?;
    let mut outcome = Imported { imported: 0, known: 0, without_price: 0 };
    for turns in turns.chunks(MOST_AT_ONCE) {
        let ids: Vec<&str> = turns.iter().map(|turn| turn.run_id.as_str()).collect();
        let known: Vec<String> = db.statement(&sql::IMPORTED).param("ids", &ids[..]).fetch_all().await?;
        let known: HashSet<String> = known.into_iter().collect();
        let new: Vec<Turn> = turns.iter().filter(|turn| !known.contains(&turn.run_id)).cloned().collect();
        outcome.known += turns.len() - new.len();
        outcome.imported += new.len();
        outcome.without_price += new.iter().filter(|turn| turn.cost.is_none()).count();
        if !new.is_empty() {
            db.insert("ai_chat_log", &new).await?;
        }
    }
    Ok(outcome)
}

/// The turns in a text, each id once.
fn turns(text: &str, prices: &Prices) -> Result<Vec<Turn>> {
    let mut turns = Vec::new();
    let mut ids = HashSet::new();
    for document in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        let document = document.context("the file is no JSON")?;
        let resources = document["resourceSpans"].as_array();
        let resources = resources.context("the JSON has no `resourceSpans`: it is no OTLP of traces")?;
        let scopes = resources.iter().flat_map(|resource| list(&resource["scopeSpans"]));
        let read = scopes.flat_map(|scope| list(&scope["spans"])).filter_map(|span| turn(span, prices));
        turns.extend(read.filter(|turn| ids.insert(turn.run_id.clone())));
    }
    Ok(turns)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A span that is a turn of a model; nothing for any other span.
fn turn(span: &Value, prices: &Prices) -> Option<Turn> {
    let attribute =
        |name: &str| list(&span["attributes"]).find(|it| it["key"] == name).map(|it| &it["value"]);
    let text = |name: &str| attribute(name).and_then(|value| value["stringValue"].as_str());
    // Whole numbers of 64 bits are texts in JSON.
    let whole = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
    let number = |names: [&str; 2]| names.into_iter().find_map(|name| whole(&attribute(name)?["intValue"]));
    let model = text("gen_ai.response.model").or(text("gen_ai.request.model"))?;
    let input = number(["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"]);
    let output = number(["gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"]);
    if input.is_none() && output.is_none() {
        return None;
    }
    let (started, ended) = (whole(&span["startTimeUnixNano"])?, whole(&span["endTimeUnixNano"]));
    let price = prices.of(text("gen_ai.request.model").unwrap_or(model)).or_else(|| prices.of(model));
    let (trace, id) = (span["traceId"].as_str()?, span["spanId"].as_str()?);
    let is_failed = span["status"]["code"] == 2 || span["status"]["code"] == "STATUS_CODE_ERROR";
    let error = span["status"]["message"].as_str().unwrap_or("failed");
    let account = text("klaviyo_public_id").and_then(AccountId::new);
    Some(Turn {
        time: DateTime::from_timestamp_millis(i64::try_from(started / 1_000_000).ok()?)?,
        kind: "turn".to_owned(),
        gen_ai_conversation_id: text("gen_ai.conversation.id").unwrap_or_default().to_owned(),
        token_name: text("aiviews.token_name").unwrap_or_default().to_owned(),
        client_name: text("gen_ai.provider.name").or(text("gen_ai.system")).unwrap_or_default().to_owned(),
        klaviyo_public_ids: account.map(|account| account.as_str().to_owned()).into_iter().collect(),
        duration_ms: ended.unwrap_or(started).saturating_sub(started) / 1_000_000,
        run_id: format!("otlp {trace} {id}"),
        error: if is_failed { error.to_owned() } else { String::new() },
        gen_ai_request_model: model.to_owned(),
        gen_ai_usage_input_tokens: input,
        gen_ai_usage_output_tokens: output,
        cost: price.and_then(|price| Some(price.of(input?, output?))),
        input_price: price.map(|price| price.input),
        output_price: price.map(|price| price.output),
        prompt: text("gen_ai.prompt.name").unwrap_or_default().to_owned(),
        user_id: text("user.id").or(text("enduser.id")).unwrap_or_default().to_owned(),
        query_ids: Vec::new(),
        // A turn is no call of a tool, and nobody has judged it.
        gen_ai_tool_name: String::new(),
        question: String::new(),
        statement: String::new(),
        verdict: String::new(),
        rows: 0,
        payload_tokens: 0,
        score: None,
        correction: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_traces_is_refused() {
        let prices = Prices::default();
        for text in ["{", "[]", "{\"resourceMetrics\": []}"] {
            assert!(turns(text, &prices).is_err(), "{text}");
        }
        assert_eq!(turns("{\"resourceSpans\": []}\n{\"resourceSpans\": []}", &prices).expect("read"), []);
    }
}
