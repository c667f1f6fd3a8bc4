-- One row: a question that somebody saves
INSERT INTO ai_saved_questions (owner, name, question, statement)
SELECT {owner:String}, {name:String}, {question:String}, {statement:String}
