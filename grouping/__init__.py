"""What could be done: form, prove, assess, explain and show groups of practices."""
