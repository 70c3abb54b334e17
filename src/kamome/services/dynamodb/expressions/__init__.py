"""DynamoDB's expressions: condition, filter, key condition, update and projection.

`lexer` cuts the text, `parser` makes trees of `syntax` (with `placeholders` put in), and
`conditions`, `updates`, `projections` and `key_conditions` give them their meaning.

AWS: DynamoDB Developer Guide, Using expressions in DynamoDB.
"""
