"""What item views show: models with cheap `data()`, sorted and filtered in Python."""
