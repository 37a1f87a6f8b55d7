#!/bin/sh
# web: prepare the database, then serve the pages · whatsapp: the WhatsApp service · anything else: a command of manage.py
set -eu
case "${1:-web}" in
  web)
    python manage.py migrate --noinput --verbosity 0
    python manage.py initmila
    exec python -m gunicorn -c config/gunicorn.py config.wsgi
    ;;
  whatsapp)
    # The web container prepares the database; this one waits until it has.
    until python manage.py migrate --check --verbosity 0 >/dev/null 2>&1; do sleep 1; done
    exec python manage.py runwhatsapp
    ;;
  *)
    exec python manage.py "$@"
    ;;
esac
