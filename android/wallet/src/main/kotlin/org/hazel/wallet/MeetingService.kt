package org.hazel.wallet

import android.app.Notification
import android.app.NotificationChannel
import android.app.NotificationManager
import android.app.Service
import android.content.Context
import android.content.Intent
import android.content.pm.ServiceInfo
import android.os.Build
import android.os.IBinder

/**
 * Keeps the radio going while the person wants to meet somebody and looks at something else. Started by the person and
 * ended by the person; it is no way to wait for partners all day.
 */
abstract class MeetingService : Service() {
    private var radio: Bluetooth? = null

    /** The radio of the open wallet, or none if there is none any more: then there is nothing to keep going. */
    protected abstract fun radio(): Bluetooth?

    /** What the person reads while it runs, with a way to end it. */
    protected abstract fun notification(channel: String): Notification

    /** What the channel is called in the system's settings. */
    protected abstract fun channelName(): String

    override fun onBind(intent: Intent?): IBinder? = null

    override fun onStartCommand(intent: Intent?, flags: Int, id: Int): Int {
        show()
        val found = radio()
        if (found == null || found.start().isNotEmpty()) {
            stopSelf()
        } else {
            radio = found
        }
        // Killed is over: the person starts it again.
        return START_NOT_STICKY
    }

    override fun onDestroy() {
        radio?.stop()
        radio = null
    }

    /** Android 15 ends long services by itself, and calls here first. */
    override fun onTimeout(startId: Int, type: Int) = stopSelf()

    private fun show() {
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.O) {
            val channel = NotificationChannel(CHANNEL, channelName(), NotificationManager.IMPORTANCE_LOW)
            getSystemService(NotificationManager::class.java)?.createNotificationChannel(channel)
        }
        val shown = notification(CHANNEL)
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q) {
            startForeground(NUMBER, shown, ServiceInfo.FOREGROUND_SERVICE_TYPE_CONNECTED_DEVICE)
        } else {
            startForeground(NUMBER, shown)
        }
    }

    companion object {
        private const val CHANNEL = "hazel-meeting"
        private const val NUMBER = 0x4a5e

        /** Starts it; call while the app is in the foreground, later Android refuses. */
        fun start(context: Context, service: Class<out MeetingService>) {
            val intent = Intent(context, service)
            if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.O) context.startForegroundService(intent) else context.startService(intent)
        }
    }
}
