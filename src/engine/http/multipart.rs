//! A request as a form: `query` and `param_*` as the fields of multipart/form-data.

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderMap};

use super::request::Request;
use crate::engine::exception::Exception;

/// Bytes that a form may have.
const LARGEST_FORM: usize = 16 * 1024 * 1024;

/// The boundary, if the request is a form.
pub fn boundary(headers: &HeaderMap) -> Option<String> {
    let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    multer::parse_boundary(content_type).ok()
}

/// Reads the whole form into the request.
pub async fn read(request: &mut Request, boundary: String, body: Incoming) -> Result<(), Exception> {
    let invalid = |error: multer::Error| Exception::bad_arguments(format!("invalid form: {error}"));
    let body = Limited::new(body, LARGEST_FORM).into_data_stream();
    let mut form = multer::Multipart::new(body, boundary);
    while let Some(field) = form.next_field().await.map_err(invalid)? {
        let name = field.name().unwrap_or_default().to_owned();
        if field.file_name().is_some() || !(name == "query" || name.starts_with("param_")) {
            return Err(Exception::not_implemented(format!("external table {name:?} is not served")));
        }
        let value = field.bytes().await.map_err(invalid)?;
        let value = std::str::from_utf8(&value)
            .map_err(|_| Exception::bad_arguments(format!("field {name:?} is not UTF-8")))?;
        request.take(&name, value)?;
    }
    Ok(())
}
