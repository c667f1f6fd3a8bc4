//! Counting tokens as a model's tokenizer does (o200k_base), without a network.

use tiktoken_rs::o200k_base_singleton;

/// How many tokens the text is.
pub fn count(text: &str) -> usize {
    o200k_base_singleton().count_ordinary(text)
}
