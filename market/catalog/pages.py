"""The provider's studio."""

from market.kit.pages import page_router

router = page_router("catalog")
