"""What a service's current model does not say of its wire, and its API reference does.

One module per service model. `ServiceModel.addition` reads its names (`ERROR_NAMESPACE`,
`RESULT_ROOTS`, …); `METADATA` and `SHAPES` are additions to the model's JSON, merged member by
member, which `ServiceModel.query_view` applies.
"""
