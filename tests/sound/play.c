// SPDX-License-Identifier: GPL-2.0
/*
 * play DEVICE capture|playback: a tenth of a second of sound at 44100 Hz, 16 bits, two channels; says what the
 * device chose and how it ended. Samples that were captured are not looked at.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sound/asound.h>
#include <unistd.h>

#define RATE	44100
#define PERIOD	1024
#define FRAMES	(RATE / 10)

static short sample[2 * PERIOD];

static struct snd_mask *mask(struct snd_pcm_hw_params *p, int n)
{
	return &p->masks[n - SNDRV_PCM_HW_PARAM_FIRST_MASK];
}

static struct snd_interval *interval(struct snd_pcm_hw_params *p, int n)
{
	return &p->intervals[n - SNDRV_PCM_HW_PARAM_FIRST_INTERVAL];
}

static void only(struct snd_pcm_hw_params *p, int n, unsigned int value)
{
	memset(mask(p, n), 0, sizeof(struct snd_mask));
	mask(p, n)->bits[value / 32] = 1u << value % 32;
}

static void exactly(struct snd_pcm_hw_params *p, int n, unsigned int value)
{
	*interval(p, n) = (struct snd_interval){ .min = value, .max = value, .integer = 1 };
}

static int set_up(int fd)
{
	struct snd_pcm_hw_params p;
	int e;

	memset(&p, 0, sizeof(p));
	memset(p.masks, 0xff, sizeof(p.masks));
	for (int n = SNDRV_PCM_HW_PARAM_FIRST_INTERVAL; n <= SNDRV_PCM_HW_PARAM_LAST_INTERVAL; n++)
		interval(&p, n)->max = ~0u;
	p.rmask = ~0u;
	only(&p, SNDRV_PCM_HW_PARAM_ACCESS, SNDRV_PCM_ACCESS_RW_INTERLEAVED);
	only(&p, SNDRV_PCM_HW_PARAM_FORMAT, SNDRV_PCM_FORMAT_S16_LE);
	exactly(&p, SNDRV_PCM_HW_PARAM_CHANNELS, 2);
	exactly(&p, SNDRV_PCM_HW_PARAM_RATE, RATE);
	exactly(&p, SNDRV_PCM_HW_PARAM_PERIOD_SIZE, PERIOD);
	e = ioctl(fd, SNDRV_PCM_IOCTL_HW_PARAMS, &p) ? errno : 0;
	printf("parameters: %s, rate %u/%u, %u bits, %u periods\n", strerror(e), p.rate_num, p.rate_den, p.msbits,
	       interval(&p, SNDRV_PCM_HW_PARAM_PERIODS)->min);
	return e;
}

static int transfer(int fd, int capture)
{
	for (unsigned int done = 0; done < FRAMES; done += PERIOD) {
		struct snd_xferi x = { .buf = sample, .frames = PERIOD };

		for (int i = 0; i < 2 * PERIOD; i++)
			sample[i] = 100 * i;
		if (ioctl(fd, capture ? SNDRV_PCM_IOCTL_READI_FRAMES : SNDRV_PCM_IOCTL_WRITEI_FRAMES, &x))
			return errno;
	}
	return capture || !ioctl(fd, SNDRV_PCM_IOCTL_DRAIN) ? 0 : errno;
}

int main(int argc, char **argv)
{
	int capture = argc > 2 && !strcmp(argv[2], "capture");
	int fd = argc > 2 ? open(argv[1], O_RDWR) : -1, e;

	if (fd < 0) {
		perror(argc > 2 ? argv[1] : "play DEVICE capture|playback");
		return 1;
	}
	e = set_up(fd);
	if (!e && ioctl(fd, SNDRV_PCM_IOCTL_PREPARE))
		e = errno;
	if (!e)
		e = transfer(fd, capture);
	printf("%s: %s\n", argv[2], strerror(e));
	close(fd);
	return e != 0;
}
