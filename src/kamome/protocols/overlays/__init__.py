"""What API references say of a service's older protocols and its current model no longer does.

One module per service model, with `METADATA` and `SHAPES`: additions to the model's JSON, merged
member by member. `ServiceModel.query_view` applies them.
"""
