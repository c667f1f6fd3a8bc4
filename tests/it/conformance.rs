//! The sample server that the protocol's conformance suite asks for, behind our own HTTP face: tokens, bodies, hosts,
//! conversations and cancelling are the door's, the tools are the suite's. What it offers stands in a table of JSON.

// The suite still asks for parts of the protocol that are being given up.
#![allow(deprecated)]

use aiviews::exit::ExitCode;
use aiviews::exit::stop::Stop;
use aiviews::mcp::guard::Scope;
use aiviews::mcp::{Tokens, serve_handler_over_http, token};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, GetPromptRequestParams, GetPromptResponse,
    GetPromptResult, ListPromptsResult, ListResourcesResult, ListToolsResult, LoggingLevel,
    LoggingMessageNotificationParam, PaginatedRequestParams, ProgressNotificationParam,
    ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, ServerConfig, SetLevelRequestParams,
    SubscribeRequestParams, UnsubscribeRequestParams,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::door::suite_over_http;

/// Asked of clients in the middle of a call, which a server without sessions cannot do.
const NOT_OURS: [&str; 4] = [
    "tools-call-sampling",
    "tools-call-elicitation",
    "elicitation-sep1034-defaults",
    "elicitation-sep1330-enums",
];

/// A red pixel.
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
/// No sound at all.
const WAV: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";

#[derive(Clone)]
struct Sample;

fn of_json<T: DeserializeOwned>(value: Value) -> Result<T, ErrorData> {
    serde_json::from_value(value).map_err(|error| ErrorData::internal_error(error.to_string(), None))
}

fn unknown() -> ErrorData {
    ErrorData::invalid_params("there is no such thing", None)
}

fn resource(uri: &str, kind: &str, text: &str) -> Value {
    json!({"type": "resource", "resource": {"uri": uri, "mimeType": kind, "text": text}})
}

fn tool(name: &str) -> Option<Value> {
    let text = |text: &str| json!({"type": "text", "text": text});
    let image = json!({"type": "image", "data": PNG, "mimeType": "image/png"});
    let embedded =
        resource("test://embedded-resource", "text/plain", "This is an embedded resource content.");
    let mixed =
        resource("test://mixed-content-resource", "application/json", "{\"test\":\"data\",\"value\":123}");
    Some(match name {
        "test_simple_text" => json!({"content": [text("This is a simple text response for testing.")]}),
        "test_image_content" => json!({"content": [image]}),
        "test_audio_content" => json!({"content": [{"type": "audio", "data": WAV, "mimeType": "audio/wav"}]}),
        "test_embedded_resource" => json!({"content": [embedded]}),
        "test_multiple_content_types" => {
            json!({"content": [text("Multiple content types test:"), image, mixed]})
        }
        "test_error_handling" => {
            json!({"isError": true, "content": [text("This tool intentionally returns an error for testing")]})
        }
        "test_tool_with_logging" | "test_tool_with_progress" => json!({"content": [text("done")]}),
        _ => return None,
    })
}

fn prompt(name: &str, arguments: &Value) -> Option<Value> {
    let user = |content: Value| json!({"role": "user", "content": content});
    let text = |text: String| user(json!({"type": "text", "text": text}));
    let argument = |name: &str| arguments[name].as_str().unwrap_or_default().to_owned();
    let embedded = resource(&argument("resourceUri"), "text/plain", "Embedded resource content for testing.");
    let messages = match name {
        "test_simple_prompt" => vec![text("This is a simple prompt for testing.".to_owned())],
        "test_prompt_with_arguments" => {
            vec![text(format!(
                "Prompt with arguments: arg1='{}', arg2='{}'",
                argument("arg1"),
                argument("arg2")
            ))]
        }
        "test_prompt_with_embedded_resource" => {
            vec![user(embedded), text("Please process the embedded resource above.".to_owned())]
        }
        "test_prompt_with_image" => vec![
            user(json!({"type": "image", "data": PNG, "mimeType": "image/png"})),
            text("Please analyze the image above.".to_owned()),
        ],
        _ => return None,
    };
    Some(json!({"messages": messages}))
}

fn contents(uri: &str) -> Option<Value> {
    let text = "This is the content of the static text resource.";
    Some(match uri {
        "test://static-text" => json!({"uri": uri, "mimeType": "text/plain", "text": text}),
        "test://static-binary" => json!({"uri": uri, "mimeType": "image/png", "blob": PNG}),
        _ => {
            let id = uri.strip_prefix("test://template/")?.strip_suffix("/data")?;
            let data = json!({"id": id, "templateTest": true, "data": format!("Data for ID: {id}")});
            json!({"uri": uri, "mimeType": "application/json", "text": data.to_string()})
        }
    })
}

/// The suite wants to hear three words, or to see three steps, before the answer.
async fn tell(name: &str, context: &RequestContext<RoleServer>) {
    for step in 0..3 {
        match (name, context.meta.get_progress_token()) {
            ("test_tool_with_logging", _) => {
                let message =
                    LoggingMessageNotificationParam::new(LoggingLevel::Info, json!(format!("step {step}")));
                let _ = context.peer.notify_logging_message(message).await;
            }
            ("test_tool_with_progress", Some(token)) => {
                let progress =
                    ProgressNotificationParam::new(token, f64::from(step) * 50.0).with_total(100.0);
                let _ = context.peer.notify_progress(progress).await;
            }
            _ => return,
        }
    }
}

impl ServerHandler for Sample {
    fn get_info(&self) -> ServerConfig {
        let capabilities = json!({"tools": {}, "prompts": {}, "resources": {"subscribe": true}, "logging": {},
            "completions": {}});
        ServerConfig::new(serde_json::from_value(capabilities).expect("capabilities"))
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let schema = json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
            "$defs": {"address": {"type": "object", "properties": {"street": {"type": "string"}, "city": {"type": "string"}}}},
            "properties": {"name": {"type": "string"}, "address": {"$ref": "#/$defs/address"}},
            "additionalProperties": false});
        of_json(json!({"tools": [
            {"name": "test_simple_text", "description": "A text", "inputSchema": {"type": "object"}},
            {"name": "json_schema_2020_12_tool", "description": "Tool with JSON Schema 2020-12 features", "inputSchema": schema},
        ]}))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        tell(&request.name, &context).await;
        Ok(of_json::<CallToolResult>(tool(&request.name).ok_or_else(unknown)?)?.into())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        of_json(json!({"resources": [{"uri": "test://static-text", "name": "A text"}]}))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let contents = contents(&request.uri).ok_or_else(unknown)?;
        Ok(of_json::<ReadResourceResult>(json!({"contents": [contents]}))?.into())
    }

    async fn subscribe(
        &self,
        _: SubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn unsubscribe(
        &self,
        _: UnsubscribeRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn set_level(
        &self,
        _: SetLevelRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        of_json(json!({"prompts": [{"name": "test_simple_prompt", "description": "A simple prompt"}]}))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let arguments = request.arguments.map_or(Value::Null, Value::Object);
        let prompt = prompt(&request.name, &arguments).ok_or_else(unknown)?;
        Ok(of_json::<GetPromptResult>(prompt)?.into())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_server_of_the_suite_passes_behind_our_face() {
    let folder = tempfile::tempdir().expect("a folder");
    let (token, line) = token::make("suite", &Scope::All).expect("a token");
    let file = folder.path().join("tokens");
    std::fs::write(&file, line).expect("written");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port().to_string();
    let (_sender, stop) = Stop::by_hand();
    let tokens = Tokens::open(&file).expect("tokens");
    let serving = tokio::spawn({
        let stop = stop.clone();
        async move { serve_handler_over_http(Sample, None, tokens, listener, &stop).await }
    });
    let baseline = folder.path().join("baseline.yml");
    let lines: String = NOT_OURS.iter().map(|scenario| format!("  - {scenario}\n")).collect();
    std::fs::write(&baseline, format!("server:\n{lines}")).expect("written");
    let baseline = baseline.to_string_lossy().into_owned();
    let suite = move || suite_over_http(&port, &token, &["--expected-failures", &baseline]);
    let said = tokio::task::spawn_blocking(suite).await.expect("the suite ends");
    stop.request(ExitCode::Interrupted);
    serving.await.expect("it ends");
    println!("{}", said.split("=== SUMMARY ===").nth(1).unwrap_or_default());
}
