"""The demonstration: the main job of the market, played through the public API by separate parties."""
