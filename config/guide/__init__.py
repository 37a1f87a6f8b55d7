"""The setup guide: five steps from an empty studio to one that answers customers, each ticked from data."""

from config.guide.pages import card as card
from config.guide.steps import wanted as wanted
