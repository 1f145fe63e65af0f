package org.hazel.app

import android.app.Activity
import android.bluetooth.BluetoothAdapter
import android.content.Intent
import android.net.Uri
import android.os.SystemClock
import android.provider.Settings
import android.util.Log
import java.text.DateFormat
import java.util.Date
import kotlinx.coroutines.CompletableDeferred
import org.hazel.bridge.Side
import org.hazel.bridge.Terms
import org.hazel.bridge.Wallet
import org.hazel.wallet.Blocker
import org.hazel.wallet.Bluetooth
import org.hazel.wallet.MeetingService
import org.hazel.wallet.TagService
import org.hazel.wallet.circumstances

/** The phone that the app runs on. */
class Desk(private val activity: Activity) : Phone {
    private var asked = 0
    private val answers = mutableMapOf<Int, CompletableDeferred<Uri?>>()

    /** Whether the radio is at work. */
    val isMeeting: Boolean get() = Meetings.radio != null

    override fun millis(): Long = SystemClock.elapsedRealtime()

    override fun seconds(): Long = System.currentTimeMillis() / 1000

    override fun blockers(): List<Blocker> = circumstances(activity).blockers()

    override suspend fun remedy(blocker: Blocker) {
        when (blocker) {
            Blocker.NOT_PERMITTED -> {
                val answer = expect()
                activity.requestPermissions(circumstances(activity).missing.toTypedArray(), asked)
                answer.await()
            }
            Blocker.SWITCHED_OFF -> visit(Intent(BluetoothAdapter.ACTION_REQUEST_ENABLE))
            Blocker.LOCATION_OFF -> visit(Intent(Settings.ACTION_LOCATION_SOURCE_SETTINGS))
            Blocker.SAVING_POWER -> visit(Intent(Settings.ACTION_BATTERY_SAVER_SETTINGS))
            Blocker.NO_RADIO, Blocker.CANNOT_ADVERTISE -> Unit
        }
    }

    override fun seek(wallet: Wallet, tally: String?) {
        val radio = radio(wallet)
        tally?.let(radio::meet)
    }

    override fun introduce(wallet: Wallet, side: Side?, terms: Terms) = radio(wallet).meetNewcomer(side, terms)

    override fun codesMatch(same: Boolean) {
        Meetings.radio?.codesMatch(same)
    }

    private fun radio(wallet: Wallet): Bluetooth {
        val radio = Meetings.radio ?: Bluetooth(activity.applicationContext, wallet)
        Meetings.radio = radio
        MeetingService.start(activity, Meetings::class.java)
        return radio
    }

    override fun silence() {
        Meetings.radio = null
        activity.stopService(Intent(activity, Meetings::class.java))
    }

    override fun tag(link: String?) {
        TagService.link = link
    }

    override suspend fun keep(name: String, bytes: ByteArray): Boolean {
        val wish = Intent(Intent.ACTION_CREATE_DOCUMENT).setType("application/octet-stream").putExtra(Intent.EXTRA_TITLE, name)
        val place = visit(wish.addCategory(Intent.CATEGORY_OPENABLE)) ?: return false
        return runCatching {
            activity.contentResolver.openOutputStream(place, "w")?.use { it.write(bytes) } != null
        }.getOrDefault(false)
    }

    override suspend fun pick(): ByteArray? {
        val place = visit(Intent(Intent.ACTION_OPEN_DOCUMENT).setType("*/*").addCategory(Intent.CATEGORY_OPENABLE)) ?: return null
        return runCatching { activity.contentResolver.openInputStream(place)?.use { it.readBytes() } }.getOrNull()
    }

    override fun share(text: String) {
        val send = Intent(Intent.ACTION_SEND).setType("text/plain").putExtra(Intent.EXTRA_TEXT, text)
        activity.startActivity(Intent.createChooser(send, null))
    }

    override fun day(seconds: ULong): String = DateFormat.getDateInstance(DateFormat.MEDIUM).format(Date(seconds.toLong() * 1000))

    /** Shows another app's screen and waits for the person to come back from it. */
    private suspend fun visit(intent: Intent): Uri? {
        val answer = expect()
        try {
            @Suppress("DEPRECATION") // The newer way is androidx's.
            activity.startActivityForResult(intent, asked)
        } catch (_: android.content.ActivityNotFoundException) {
            answer.complete(null)
        }
        return answer.await()
    }

    private fun expect(): CompletableDeferred<Uri?> = CompletableDeferred<Uri?>().also { answers[++asked] = it }

    /** The person has come back. */
    fun answered(request: Int, result: Int, data: Intent?) {
        answers.remove(request)?.complete(data?.data.takeIf { result == Activity.RESULT_OK })
    }

    fun log(trouble: Exception) {
        // The code says what happened; what is the person's is in no log.
        Log.i("hazel", trouble.javaClass.simpleName)
    }
}
