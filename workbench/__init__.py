"""The page: a Gradio application over `ggez_core`. `build` puts it together; `service` is what its endpoints do."""
