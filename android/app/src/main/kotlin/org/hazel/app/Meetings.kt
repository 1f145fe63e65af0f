package org.hazel.app

import android.app.Notification
import android.app.PendingIntent
import android.content.Intent
import android.os.Build
import org.hazel.wallet.Bluetooth
import org.hazel.wallet.MeetingService

/** Keeps the radio going while the person meets somebody and looks at something else. */
class Meetings : MeetingService() {
    override fun radio(): Bluetooth? = radio

    override fun channelName(): String = Texts(this).of(Text("meet"))

    override fun notification(channel: String): Notification {
        val back = PendingIntent.getActivity(this, 0, Intent(this, MainActivity::class.java), PendingIntent.FLAG_IMMUTABLE)
        @Suppress("DEPRECATION") // Before Android 8 there were no channels.
        val shown = if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.O) Notification.Builder(this, channel) else Notification.Builder(this)
        return shown.setSmallIcon(android.R.drawable.stat_sys_data_bluetooth)
            .setContentTitle(Texts(this).of(Text("looking")))
            .setContentIntent(back)
            .setOngoing(true)
            .build()
    }

    companion object {
        /** The radio of the open wallet while somebody is to be met. */
        @Volatile
        var radio: Bluetooth? = null
    }
}
