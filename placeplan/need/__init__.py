"""The need of years to come: what is known of plans, how they change, whole futures, and what is handed over."""
