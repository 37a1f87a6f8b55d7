"""What a studio's reports and Home ask: its messages of a day."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0007_inbox")]

    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["tenant", "created_at"], name="messages_by_day"),
        ),
    ]
