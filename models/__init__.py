"""Who goes where and at what cost: programmes over labelled groups, units and pairs."""
