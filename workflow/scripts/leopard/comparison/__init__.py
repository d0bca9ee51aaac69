"""What was there before (FactorNet, Anchor), beside the models of a study."""
