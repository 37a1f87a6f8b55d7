"""Why an answer is not the model's own, in sentences for staff. Apart from what decides it, as pages only show them."""

from django.utils.translation import gettext_noop

NO_MODEL = gettext_noop("No Anthropic key is set: answers come word for word from the knowledge.")
INSULTED = gettext_noop("The message only insults: it got the fixed sentence, without a model.")
CONFIRMED = gettext_noop("The model confirmed a payment. The answer was stopped.")
STOPPED = gettext_noop(
    "The model stated something that stands in no entry. The answer was stopped."
)
EMPTY = gettext_noop("The model gave no answer.")
